using Microsoft.Extensions.Logging;

namespace BucketProxy.Forwarder.Transport;

/// <summary>What every connection goes by.</summary>
/// <param name="Pool">Its memory.</param>
/// <param name="Log">Its log.</param>
/// <param name="Time">Measures <paramref name="Patience"/>.</param>
/// <param name="Patience">A client that takes nothing of what it is sent for so long is cut off; up to twice as long may pass.</param>
internal sealed record ConnectionSettings(BlockPool Pool, ILogger Log, TimeProvider Time, TimeSpan Patience);
