using System.Globalization;
using System.Text;
using BucketProxy.Cluster.Durability;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// How many commits were acknowledged, in a file of one line beside the database. SQLite takes a log with a wrong checksum for
/// one that ends there, and a missing one for an empty one; this tells when that took back what was acknowledged.
/// </summary>
/// <remarks>Written after a commit, without a flush of its own: a power failure may leave an older number, never a newer one.
/// The line is shorter than a sector, so it is old or new, not half of each.</remarks>
internal sealed record CommitMark(ulong ClusterId, long Commits)
{
    /// <summary>What the file says; null: nothing.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static CommitMark? Read(byte[]? line)
    {
        // Zeros are left by a power failure between the making of the file and its flush: nothing was acknowledged before.
        if (line is null || line.All(b => b == 0))
            return null;
        var words = Encoding.ASCII.GetString(line).Split(' ');
        if (words.Length > 3
            && ulong.TryParse(words[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var clusterId)
            && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var commits)
            && new CommitMark(clusterId, commits) is var mark && line.AsSpan().SequenceEqual(mark.ToLine()))
        {
            return mark;
        }
        throw new InvalidDataException("it fails its checksum");
    }

    /// <summary>The line. Of one length whatever the numbers, so that a shorter one leaves nothing of a longer one.</summary>
    public byte[] ToLine()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"cluster {ClusterId:x16} commits {Commits:d19} ");
        var crc = new Crc32C();
        crc.Add(Encoding.ASCII.GetBytes(text));
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{text}checksum {crc.Value:x8}\n"));
    }
}
