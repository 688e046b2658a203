namespace BucketProxy.Monitor.Options;

/// <summary>Collects everything wrong with options: which key, which value, what is allowed.</summary>
internal sealed class OptionErrors
{
    private readonly List<string> _errors = [];

    public IReadOnlyList<string> All => _errors;

    public void Add(string key, object? value, string allowed) =>
        _errors.Add(FormattableString.Invariant($"{key}: '{value ?? "(nothing)"}' is not allowed; allowed: {allowed}."));

    public void Require(bool holds, string key, object? value, string allowed)
    {
        if (!holds)
            Add(key, value, allowed);
    }

    public void Within(TimeSpan value, TimeSpan least, TimeSpan most, string key) =>
        Require(value >= least && value <= most, key, value, $"{least.TotalSeconds} s to {most.TotalSeconds} s");
}
