namespace BucketProxy.Cluster.Testing;

/// <summary>Kinds of calls that a fault can hit.</summary>
[Flags]
public enum StoreCalls
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Reads.</summary>
    Read = 1,

    /// <summary>Transactions.</summary>
    Commit = 2,

    /// <summary>Grants of leases.</summary>
    GrantLease = 4,

    /// <summary>Renewals of leases.</summary>
    RenewLease = 8,

    /// <summary>Revocations of leases.</summary>
    RevokeLease = 16,

    /// <summary>All calls that change something.</summary>
    Writes = Commit | GrantLease | RenewLease | RevokeLease,

    /// <summary>All calls.</summary>
    All = Read | Writes,
}
