using Gateway.Idempotency.Policies;

namespace Gateway.Configuration;

/// <summary>Adds the routes file to the configuration.</summary>
internal sealed class RoutesFile(string path, bool ofAnyShape = false) : IConfigurationSource
{
    public string FullPath { get; } = Path.GetFullPath(path);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => new RoutesFileProvider(FullPath, ofAnyShape);
}

/// <summary>
/// The routes file, reloaded when it changes. A file that is gone, broken or misshapen leaves the last good content in force.
/// </summary>
/// <remarks>
/// Not .NET's own JSON provider: on a reload it empties its data for such a file, and the next change of any other source
/// would make YARP serve 404 for every route. The file is read every second rather than watched: that also sees mounted
/// volumes and ConfigMaps, where file events do not come, and costs nothing that could be measured.
/// </remarks>
internal sealed class RoutesFileProvider(string path, bool ofAnyShape = false) : ConfigurationProvider, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Timer? _timer;
    private byte[] _seen = [];
    private byte[] _loaded = [];

    /// <summary>Raised on a reload that was refused. The same bad content is reported once.</summary>
    public event Action<IReadOnlyList<ConfigurationFault>>? Refused;

    /// <summary>Raised on a reload whose content is whole.</summary>
    public event Action? Accepted;

    /// <exception cref="ConfigurationFaultException">At start there is no last good content to keep.</exception>
    public override void Load()
    {
        var bytes = Read(out var missing) ?? throw new ConfigurationFaultException([missing!]);
        if (Parse(bytes, out var faults) is not { } data)
        {
            throw new ConfigurationFaultException(faults);
        }

        _loaded = _seen = bytes;
        Data = data;
        _timer ??= new Timer(_ => Look(), null, Period, Period);
    }

    public void Dispose() => _timer?.Dispose();

    /// <summary>One look at the file. Content counts once it has stood still from one look to the next: editors write in steps.</summary>
    internal void Look()
    {
        lock (_gate)
        {
            var bytes = Read(out var missing);
            var content = bytes ?? [];
            if (!content.AsSpan().SequenceEqual(_seen))
            {
                _seen = content;
                return;
            }

            if (content.AsSpan().SequenceEqual(_loaded))
            {
                return;
            }

            _loaded = content; // good or bad: each content is judged once
            IReadOnlyList<ConfigurationFault> faults;
            if (bytes is null)
            {
                faults = [missing!];
            }
            else if (Parse(bytes, out faults) is { } data)
            {
                Data = data;
                Accepted?.Invoke();
                try
                {
                    OnReload();
                    return;
                }
                catch (Exception e)
                {
                    // Somebody who reads the configuration threw: thrown from a timer it would end the process.
                    faults = [new(path, $"is in force, but not whole: {e.GetBaseException().Message}", "Correct the value; what could not take it goes on with the one before.")];
                }
            }

            Refused?.Invoke(faults);
        }
    }

    private byte[]? Read(out ConfigurationFault? missing)
    {
        try
        {
            missing = null;
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            missing = new(path, $"cannot be read: {e.Message}", "Create it (the repository's appsettings.routes.json shows how), or name another by --routes or GATEWAY_ROUTES.");
            return null;
        }
    }

    private Dictionary<string, string?>? Parse(byte[] bytes, out IReadOnlyList<ConfigurationFault> faults)
    {
        if (!IsText(bytes))
        {
            // The reader would put U+FFFD in place of what it cannot decode: another path or another name, without a word.
            faults = [new(path, "is not UTF-8.", "Save it as UTF-8.")];
            return null;
        }

        IConfigurationRoot parsed;
        try
        {
            using var stream = new MemoryStream(bytes, writable: false);
            parsed = new ConfigurationBuilder().AddJsonStream(stream).Build();
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or InvalidOperationException or System.Text.Json.JsonException)
        {
            // InvalidOperationException: an escape that is no Unicode ("\ud800"). From a reload nothing may be thrown: it would end the process.
            faults = [new(path, $"is not valid JSON{Position(e.InnerException ?? e)}", "Correct the file; comments and trailing commas are allowed.")];
            return null;
        }

        faults = ofAnyShape ? [] : [.. RoutesShape.Check(parsed), .. LoggingShape.Check(parsed)];
        return faults.Count == 0 ? parsed.AsEnumerable().ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase) : null;
    }

    /// <summary>Where it breaks off, for people: JsonException counts from 0.</summary>
    private static string Position(Exception error) => error is System.Text.Json.JsonException { LineNumber: { } line, BytePositionInLine: { } at }
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $": line {line + 1}, byte {at + 1}: {error.Message.Split(" Path: ")[0].Split(" LineNumber: ")[0].ReplaceLineEndings(" ")}")
        : $": {error.Message}";

    /// <summary>UTF-8, or what begins with the mark of another Unicode encoding, by which .NET's reader tells them apart.</summary>
    private static bool IsText(byte[] bytes) =>
        bytes is [0xFE, 0xFF, ..] or [0xFF, 0xFE, ..] or [0, 0, 0xFE, 0xFF, ..] || System.Text.Unicode.Utf8.IsValid(bytes);
}
