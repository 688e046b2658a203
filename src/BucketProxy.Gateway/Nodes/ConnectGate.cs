namespace BucketProxy.Gateway.Nodes;

/// <summary>Whether connections to nodes may be made.</summary>
/// <param name="outer">Another that must be open too; null: none.</param>
internal sealed class ConnectGate(ConnectGate? outer = null)
{
    private volatile bool _isShut;
    private volatile bool _isShutForGood;

    public bool IsShut
    {
        get => _isShut || _isShutForGood || outer is { IsShut: true };
        set => _isShut = value;
    }

    /// <summary>It never opens again.</summary>
    public void ShutForGood() => _isShutForGood = true;
}
