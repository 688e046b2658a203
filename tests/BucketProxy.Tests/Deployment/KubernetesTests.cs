using System.Net;
using System.Text.Json;
using BucketProxy.Commands;
using BucketProxy.Commands.Root;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;
using BucketProxy.Configuration.Sources;
using BucketProxy.Tests.Admin;

namespace BucketProxy.Tests.Deployment;

public sealed class KubernetesTests
{
    private static readonly IReadOnlyList<JsonElement> Documents = Yaml.Read(Repository.File("config", "kubernetes", "bucketproxy.yaml"));

    private static IEnumerable<JsonElement> OfKind(string kind) => Documents.Where(d => d.At("kind").GetString() == kind);

    private static IEnumerable<JsonElement> Pods => OfKind("StatefulSet").Select(s => s.At("spec", "template", "spec"));

    private static BucketProxySettings Settings()
    {
        var json = OfKind("ConfigMap").Single().At("data", "config.json").GetString()!;
        var loaded = SettingsLoader.Load([FileLayer.Parse("config.json", json, [])!]);
        Assert.Empty(loaded.Errors.Select(e => e.ToString()));
        return loaded.Settings;
    }

    [Fact]
    public void ConfigMap_HoldsSettingsThatAreAllowed()
    {
        var settings = Settings();
        Assert.Equal(StoreKind.Etcd, settings.Store);
        Assert.Equal(3, settings.Etcd.Endpoints.Length);
    }

    [Fact]
    public void Containers_RunCommandsThatParse_WithVariablesThatAreSettings()
    {
        foreach (var container in Pods.Select(p => p.At("containers", 0)))
        {
            Assert.Empty(CommandLine.Create(CommandEnvironment.OfProcess()).Parse(container.At("args").Texts()).Errors);
            var token = Path.GetTempFileName();
            File.WriteAllText(token, "a-token-of-some-length");
            var variables = container.At("env").EnumerateArray().ToDictionary(v => v.At("name").GetString()!, _ => token);
            var loaded = SettingsLoader.Load([FileLayer.Parse("config.json", OfKind("ConfigMap").Single().At("data", "config.json").GetString()!, [])!, EnvironmentLayer.Read(variables, [])]);
            File.Delete(token);
            Assert.Empty(loaded.Errors.Select(e => e.ToString()));
            Assert.Equal(token, loaded.Settings.Admin.TokenFile);
        }
    }

    [Fact]
    public async Task Probes_AskPathsThatTheAdminPortHas_AtThePortItOpens()
    {
        await using var site = await AdminSite.StartAsync();
        foreach (var container in Pods.Select(p => p.At("containers", 0)))
        {
            var ports = container.At("ports").EnumerateArray().ToDictionary(p => p.At("name").GetString()!, p => p.At("containerPort").ToString());
            Assert.Equal(Settings().Admin.Listen.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), ports["admin"]);
            foreach (var probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" })
            {
                var get = container.At(probe, "httpGet");
                Assert.Equal("admin", get.At("port").GetString());
                using var answer = await site.Client.GetAsync(new Uri(get.At("path").GetString()!, UriKind.Relative));
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
            // A lost store must not restart processes that still route.
            Assert.Equal("/health/live", container.At("livenessProbe", "httpGet", "path").GetString());
        }
    }

    [Fact]
    public void Pods_HaveNoRightsAndAReadOnlyRoot_AndGetNoServiceVariables()
    {
        Assert.All(Pods, pod =>
        {
            Assert.Equal("true", pod.At("securityContext", "runAsNonRoot").ToString(), ignoreCase: true);
            Assert.Equal("false", pod.At("enableServiceLinks").ToString(), ignoreCase: true);
            var container = pod.At("containers", 0);
            Assert.Equal("true", container.At("securityContext", "readOnlyRootFilesystem").ToString(), ignoreCase: true);
            Assert.Equal(["ALL"], container.At("securityContext", "capabilities", "drop").Texts());
            var mounts = container.At("volumeMounts").EnumerateArray().Select(m => m.At("mountPath").GetString());
            Assert.Contains("/var/lib/bucketproxy", mounts);
        });
    }

    [Fact]
    public void Proxies_AreGivenTheTimeThatAStopTakes()
    {
        var settings = Settings();
        var grace = double.Parse(Pods.First().At("terminationGracePeriodSeconds").ToString(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(grace > (settings.Data.DrainGrace + settings.Data.DrainLimit).TotalSeconds);
    }

    [Fact]
    public void ServicesAndDisruptionBudgets_SelectPodsThatThereAre()
    {
        var pods = OfKind("StatefulSet").Select(s => s.At("spec", "template", "metadata", "labels")).ToArray();
        var selectors = OfKind("Service").Select(s => s.At("spec", "selector")).Concat(OfKind("PodDisruptionBudget").Select(b => b.At("spec", "selector", "matchLabels"))).ToArray();
        Assert.Equal(6, selectors.Length);
        Assert.All(selectors, selector => Assert.Contains(pods, pod =>
            selector.EnumerateObject().All(l => pod.TryGetProperty(l.Name, out var value) && value.GetString() == l.Value.GetString())));
        // Every set of pods has a budget.
        Assert.All(pods, pod => Assert.Contains(OfKind("PodDisruptionBudget"), b =>
            b.At("spec", "selector", "matchLabels").EnumerateObject().All(l => pod.At(l.Name).GetString() == l.Value.GetString())));
    }
}
