using Gateway.Stores;

namespace Gateway.Idempotency.Request;

/// <summary>Makes the name under which a record is kept.</summary>
internal static class RecordKeys
{
    /// <param name="path">Null: the key names one request of the operation, whatever its path (<see cref="Policies.KeyScope"/>).</param>
    public static RecordKey Of(string operation, UInt128 actor, string key, string? path = null)
    {
        using var list = HashedListStart.Begin(path is null ? HashedList.Record : HashedList.RecordOnPath);
        list.WriteText(operation);
        list.WriteUInt128(actor);
        list.WriteText(key);
        if (path is not null)
        {
            list.WriteText(path);
        }

        return new RecordKey(Digest.Of(list.Written));
    }
}
