using System.Globalization;

namespace BucketProxy.Testing;

/// <summary>Runs a randomized test from a seed, and names the seed when it fails. The order of threads is not in the seed: a failure may take
/// a few repetitions to come back.</summary>
public static class Seeded
{
    private const string Name = "TEST_SEED";

    /// <summary>A seed is given in the environment: only that one is tried.</summary>
    public static bool IsGiven => Environment.GetEnvironmentVariable(Name) is not null;

    /// <summary>Runs it from one seed after the other.</summary>
    /// <param name="times">How many seeds are tried; with one given in the environment, only that one.</param>
    /// <param name="body">What is tried.</param>
    /// <exception cref="InvalidOperationException">It failed; the message names the seed.</exception>
    public static async Task RunAsync(int times, Func<Random, Task> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var given = Environment.GetEnvironmentVariable(Name);
        for (var i = 0; i < (given is null ? times : 1); i++)
        {
            var seed = given is null ? Random.Shared.Next() : int.Parse(given, CultureInfo.InvariantCulture);
            try
            {
                await body(new Random(seed)).Within(TimeSpan.FromMinutes(2));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}, number {i + 1}; again: {Name}={seed} dotnet test --filter … {e.Message}", e);
            }
        }
    }

    private static Task Within(this Task task, TimeSpan limit) => task.WaitAsync(limit, TimeProvider.System);
}
