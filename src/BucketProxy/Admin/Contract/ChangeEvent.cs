namespace BucketProxy.Admin.Contract;

/// <summary>The cluster after a change.</summary>
/// <param name="Revision">The store revision of the table.</param>
/// <param name="Buckets">Who owns each bucket. Without loads.</param>
/// <param name="Pins">Who owns each pin.</param>
/// <param name="Moves">Moves that stand.</param>
/// <param name="Alarms">What is wrong.</param>
internal sealed record ChangeEvent(
    long Revision, IReadOnlyList<BucketReport> Buckets, IReadOnlyList<PinReport> Pins, IReadOnlyList<MoveReport> Moves, IReadOnlyList<AlarmReport> Alarms);

/// <summary>Who owns a pin.</summary>
/// <param name="Pin">A whole UUID, or the first digits of one.</param>
/// <param name="Node">The owner; null: none.</param>
/// <param name="Epoch">Rises with every change of owner.</param>
/// <param name="State">open, moving or unassigned.</param>
internal sealed record PinReport(string Pin, string? Node, long Epoch, string State);
