namespace BucketProxy.GateBench.Moving;

/// <summary>Where the time went, from a kill on; all in seconds since it.</summary>
/// <param name="Noticed">The store says that the server is dead: its gate says so, or the gate's lease has ended.</param>
/// <param name="Granted">The base's bucket has its new owner.</param>
/// <param name="Opened">The move ended: proxies may send to the new owner.</param>
/// <param name="Answered">The first answer of the new owner, through a proxy.</param>
/// <param name="LastOpened">The last of the lost buckets opened.</param>
/// <param name="Buckets">How many were lost.</param>
/// <param name="Elsewhere">Whether the base went to another server; false: to a new process of the same one, which had come up by then.</param>
internal sealed record Loss(double Noticed, double Granted, double Opened, double Answered, double LastOpened, int Buckets, bool Elsewhere);
