namespace BucketProxy.Etcd.Calls;

/// <summary>What sending a call twice would do.</summary>
/// <param name="Repeatable">Nothing: it may be sent again whatever became of it.</param>
/// <param name="RequireLeader">It is of no use at a member without a leader.</param>
internal readonly record struct CallKind(bool Repeatable, bool RequireLeader)
{
    /// <summary>Changes nothing, and wants the cluster's answer.</summary>
    public static CallKind Read => new(true, true);

    /// <summary>Changes nothing, and one member's word will do.</summary>
    public static CallKind LocalRead => new(true, false);

    /// <summary>Changes something: never sent again once it may have been carried out.</summary>
    public static CallKind Write => new(false, true);
}
