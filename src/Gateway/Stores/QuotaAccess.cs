namespace Gateway.Stores;

/// <summary>
/// The way to the quotas for those who serve requests. A store that cannot say lets everybody in: whether it begins anything it
/// says in the next step, and known answers must be given however much somebody holds.
/// </summary>
internal sealed class QuotaAccess(IActorQuota quota, StoreCircuit circuit, StoreLimits limits, TimeProvider time, ILogger<QuotaAccess> logger)
{
    private volatile bool _fails;

    /// <returns>When there may be room again; null: there is.</returns>
    public async ValueTask<TimeSpan?> RefusalAsync(RecordLabel label, RecordKey key, long maxKeys, long maxBytes)
    {
        if (circuit.IsOpen)
        {
            return null;
        }

        try
        {
            var held = await quota.LookAsync(label.Operation, label.Actor, key).AsTask().WaitAsync(limits.Operation, time);
            _fails = false;
            return !held.IsKnown && ((maxKeys > 0 && held.Keys >= maxKeys) || (maxBytes > 0 && held.Bytes >= maxBytes)) ? held.UntilOldestEnds : null;
        }
        catch (Exception e)
        {
            Fails(e);
            return null;
        }
    }

    public void Note(RecordLabel label, RecordKey key, long size, TimeSpan life) => Watch(() => quota.NoteAsync(label.Operation, label.Actor, key, size, life));

    public void Forget(RecordLabel label, RecordKey key) => Watch(() => quota.ForgetAsync(label.Operation, label.Actor, key));

    /// <summary>Nobody waits for it: what is lost is not counted, and that is all.</summary>
    private async void Watch(Func<ValueTask> call)
    {
        try
        {
            await call();
        }
        catch (Exception e)
        {
            Fails(e);
        }
    }

    private void Fails(Exception error)
    {
        if (!_fails)
        {
            _fails = true;
            StoreLog.QuotaFailed(logger, error);
        }
    }
}
