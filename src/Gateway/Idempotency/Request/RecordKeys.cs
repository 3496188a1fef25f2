using Gateway.Stores;

namespace Gateway.Idempotency.Request;

/// <summary>Makes the name under which a record is kept.</summary>
internal static class RecordKeys
{
    public static RecordKey Of(string operation, UInt128 actor, string key)
    {
        using var list = HashedListStart.Begin(HashedList.Record);
        list.WriteText(operation);
        list.WriteUInt128(actor);
        list.WriteText(key);
        return new RecordKey(Digest.Of(list.Written));
    }
}
