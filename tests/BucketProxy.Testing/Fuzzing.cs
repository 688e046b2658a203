using System.Globalization;

namespace BucketProxy.Testing;

/// <summary>Runs a fuzz test: a fixed number of cases, so that no result depends on time; with <c>FUZZ_SECONDS=600</c> it goes on with fresh seeds for ten
/// minutes.</summary>
public static class Fuzzing
{
    private const string Name = "FUZZ_SECONDS";

    /// <summary>Tries random cases. One that does not come back fails too.</summary>
    /// <param name="cases">How many, unless more are asked for.</param>
    /// <param name="tryOne">Makes a case and tries it.</param>
    /// <exception cref="InvalidOperationException">One failed; the message names its seed.</exception>
    public static Task RunAsync(int cases, Action<Random> tryOne) =>
        RepeatAsync(() => Seeded.RunAsync(cases, random => Task.Run(() => tryOne(random))));

    /// <inheritdoc cref="RunAsync(int, Action{Random})"/>
    public static Task RunAsync(int cases, Func<Random, Task> tryOne) =>
        RepeatAsync(() => Seeded.RunAsync(cases, random => Task.Run(() => tryOne(random))));

    /// <summary>Tries random cases of which only some are those that the test is about.</summary>
    /// <param name="cases">How many, unless more are asked for.</param>
    /// <param name="tryOne">Makes a case and tries it. False: it was none of them.</param>
    /// <exception cref="InvalidOperationException">One failed, or too few were any.</exception>
    public static async Task RunAsync(int cases, Func<Random, bool> tryOne)
    {
        ArgumentNullException.ThrowIfNull(tryOne);
        var (all, meant) = (0, 0);
        await RunAsync(cases, random =>
        {
            all++;
            if (tryOne(random))
                meant++;
        });
        if (!Seeded.IsGiven && meant * 10 < all)
            throw new InvalidOperationException($"Only {meant} of {all} cases were such that the test says anything.");
    }

    /// <summary>Does something once, and again for as long as is asked for.</summary>
    public static void Repeat(Action once)
    {
        ArgumentNullException.ThrowIfNull(once);
        var begun = TimeProvider.System.GetTimestamp();
        do
            once();
        while (GoesOn(begun));
    }

    private static async Task RepeatAsync(Func<Task> once)
    {
        var begun = TimeProvider.System.GetTimestamp();
        do
            await once();
        while (GoesOn(begun));
    }

    private static bool GoesOn(long begun) => !Seeded.IsGiven
        && Environment.GetEnvironmentVariable(Name) is { Length: > 0 } seconds
        && TimeProvider.System.GetElapsedTime(begun).TotalSeconds < int.Parse(seconds, CultureInfo.InvariantCulture);
}
