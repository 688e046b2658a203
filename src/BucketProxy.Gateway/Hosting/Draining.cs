namespace BucketProxy.Gateway.Hosting;

/// <summary>Whether the data port is on its way out: <c>/ping/</c> says so, and answers end their connections.</summary>
internal sealed class Draining
{
    private volatile bool _isOn;

    /// <summary>Set once, never taken back.</summary>
    public bool IsOn => _isOn;

    /// <summary>False: it was on already.</summary>
    public bool TryBegin()
    {
        if (_isOn)
            return false;
        return _isOn = true;
    }
}
