namespace Gateway.CrashTest.Faults;

internal enum FaultKind
{
    /// <summary>kill -9, and a new start.</summary>
    KillGateway,

    /// <summary>The store hangs, and somebody kills and restarts a gateway that has answers waiting for it.</summary>
    KillGatewayInOutage,

    /// <summary>SIGSTOP for longer than a lease.</summary>
    FreezeGateway,

    /// <summary>A new process takes over, and the old one gets SIGTERM.</summary>
    RollOver,

    /// <summary>Another routes file, now and then a faulty one in between.</summary>
    Reload,

    /// <summary>The whole store hangs (Redis is stopped; the Sqlite file is locked by somebody else).</summary>
    HangStore,

    /// <summary>kill -9 of the store, and a new start.</summary>
    KillStore,

    /// <summary>One gateway's wire to the store: refused, hung, vanished, its replies lost, or slow.</summary>
    StoreRefused,
    StoreHung,
    StoreVanished,
    StoreReplyLost,
    StoreSlow,

    /// <summary>kill -9 of the backend, and a new start.</summary>
    KillBackend,

    /// <summary>One gateway's wire to the backend.</summary>
    BackendRefused,
    BackendHung,
    BackendVanished,
    BackendReplyLost,
    BackendSlow,
}
