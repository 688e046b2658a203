using System.Globalization;
using Xunit.Abstractions;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>Prints how long it took to notice a failure and to recover: to the test's output, and to <c>artifacts/etcd-failures.txt</c>.</summary>
internal static class Report
{
    private static readonly Lock Gate = new();

    public static void Write(ITestOutputHelper output, string what, TimeSpan? noticed, TimeSpan recovered)
    {
        var notice = noticed is { } n ? string.Create(CultureInfo.InvariantCulture, $"{n.TotalSeconds,8:0.000} s") : "         –";
        var line = string.Create(CultureInfo.InvariantCulture, $"{what,-72} noticed after {notice}   recovered after {recovered.TotalSeconds,8:0.000} s");
        output.WriteLine(line);
        lock (Gate)
        {
            var folder = Directory.CreateDirectory(Path.Combine(Root(), "artifacts"));
            File.AppendAllText(Path.Combine(folder.FullName, "etcd-failures.txt"), line + "\n");
        }
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "BucketProxy.sln")))
                return folder.FullName;
        }
        return AppContext.BaseDirectory;
    }
}
