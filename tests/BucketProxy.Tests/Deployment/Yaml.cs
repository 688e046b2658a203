using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace BucketProxy.Tests.Deployment;

/// <summary>The documents of a YAML file, as JSON.</summary>
internal static class Yaml
{
    public static IReadOnlyList<JsonElement> Read(string file)
    {
        using var text = new StringReader(File.ReadAllText(file));
        var parser = new MergingParser(new Parser(text));
        var reader = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        var writer = new SerializerBuilder().JsonCompatible().Build();
        var documents = new List<JsonElement>();
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _))
            documents.Add(JsonDocument.Parse(writer.Serialize(reader.Deserialize(parser))).RootElement);
        return documents;
    }

    /// <summary>The value at a path of names and numbers.</summary>
    public static JsonElement At(this JsonElement element, params object[] path) =>
        path.Aggregate(element, (e, step) => step is int i ? e[i] : e.GetProperty((string)step));

    /// <summary>A list of texts, or of numbers as texts.</summary>
    public static string[] Texts(this JsonElement list) => [.. list.EnumerateArray().Select(e => e.ToString())];
}
