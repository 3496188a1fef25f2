namespace SampleBackend;

/// <summary>The knobs of the whole process. A request's own headers win over them.</summary>
internal sealed class KnobPanel
{
    private volatile Knobs _current = new();

    public Knobs Current
    {
        get => _current;
        set => _current = value;
    }
}
