using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Monitor.Options;

/// <summary>What configuration says about one dtable-server.</summary>
public sealed record NodeOptions
{
    /// <summary>The id; begins with <c>dtable-server-</c>, further only letters, digits, <c>-</c>, <c>_</c>, <c>.</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Where proxies and monitors reach it: absolute, http or https, may hold a path; null only with
    /// <see cref="Register"/> off.</summary>
    public string? LocalNodeUrl { get; init; }

    /// <summary>Where browsers reach it. Null: the same as <see cref="LocalNodeUrl"/>.</summary>
    public string? NodeUrl { get; init; }

    /// <summary>True (default): we register it while its <c>/ping/</c> answers. False: it registers itself, and this entry only
    /// adds weight and release mode.</summary>
    public bool Register { get; init; } = true;

    /// <summary>Its share of the buckets relative to the others', above 0 up to 100; default 1.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>The most buckets it shall own, 1 to 256 (default: no limit). Exceeded only when all nodes together are too small.</summary>
    public int Capacity { get; init; } = Bucket.Count;

    /// <summary>
    /// How it gives buckets up. Null: <c>none</c> for a node that we register, <c>watch</c> for one that registers itself.
    /// <c>watch</c> for a node that does not really follow <c>assign-xx</c> loses data; <c>none</c> only refuses planned moves.
    /// </summary>
    public ReleaseMode? Release { get; init; }

    /// <summary>For <c>restart</c>: program and arguments, run without a shell; <c>{node}</c> in an argument becomes the id. It must
    /// return 0 only after the server has saved and the process is gone.</summary>
    public ImmutableArray<string> RestartCommand { get; init; } = [];

    /// <summary>
    /// For <c>watch</c>: whether it follows single bases that are pinned elsewhere (<c>bucketproxy/bases/</c>) as well as
    /// <c>assign-xx</c>. Null: as its registration says (<c>"follows_pins": true</c>), else no. True for a node that does not loses
    /// data; false only refuses to move single bases off it.
    /// </summary>
    public bool? FollowsPins { get; init; }

    internal ReleaseMode EffectiveRelease => Release ?? (Register ? ReleaseMode.None : ReleaseMode.Watch);

    internal void Validate(OptionErrors errors)
    {
        var at = $"nodes[{Id}]";
        errors.Require(IsNodeId(Id), at + ".id", Id,
            $"'{NodeRecord.IdPrefix}' and at least one more of letters, digits, '-', '_', '.'");
        errors.Require(LocalNodeUrl is null ? !Register : IsHttpUrl(LocalNodeUrl), at + ".localNodeUrl", LocalNodeUrl,
            "an absolute http:// or https:// URL without query");
        errors.Require(NodeUrl is null || IsHttpUrl(NodeUrl), at + ".nodeUrl", NodeUrl,
            "an absolute http:// or https:// URL without query");
        errors.Require(Weight is > 0 and <= 100, at + ".weight", Weight, "a number above 0 up to 100");
        errors.Require(Capacity is >= 1 and <= Bucket.Count, at + ".capacity", Capacity, "1 to 256");
        errors.Require(Release != ReleaseMode.Restart || !RestartCommand.IsDefaultOrEmpty, at + ".restartCommand", null,
            "program and arguments, because release is 'restart'");
    }

    internal static bool IsNodeId(string? id) =>
        id is not null && id.Length > NodeRecord.IdPrefix.Length && id.Length <= 128
        && id.StartsWith(NodeRecord.IdPrefix, StringComparison.Ordinal)
        && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    internal static bool IsHttpUrl(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https")
        && uri.Host.Length > 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0;
}
