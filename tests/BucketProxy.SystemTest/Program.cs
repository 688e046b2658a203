using System.CommandLine;
using BucketProxy.SystemTest;
using BucketProxy.SystemTest.Drain;
using BucketProxy.SystemTest.Gates;
using BucketProxy.SystemTest.TwoServers;

var defaults = new SystemTestOptions();
var seconds = new Option<int>("--seconds") { Description = "For how long disturbances are begun.", DefaultValueFactory = _ => (int)defaults.Duration.TotalSeconds };
var seed = new Option<int>("--seed") { Description = "Decides bases, order and aim of the disturbances.", DefaultValueFactory = _ => defaults.Seed };
var bases = new Option<int>("--bases") { Description = "Bases that rows are appended to.", DefaultValueFactory = _ => defaults.Bases };
var sockets = new Option<int>("--sockets") { Description = "Websockets that stay open.", DefaultValueFactory = _ => defaults.Sockets };
var rate = new Option<int>("--rate") { Description = "Rows a second.", DefaultValueFactory = _ => defaults.Rate };
var planned = new Option<bool>("--planned-only") { Description = "Orders only; nothing is killed." };
var only = new Option<string?>("--only") { Description = "Only disturbances whose name holds this text, as in --only proxies." };
var noHandOff = new Option<bool>("--no-hand-off") { Description = "The control: nodes keep what they lose. The run succeeds when the checker finds lost rows." };
var keep = new Option<string?>("--directory") { Description = "Where logs, journals and storage stay." };
var drain = new Option<string?>("--drain") { Description = "Instead: drain this node, as in --drain dtable-server-02, under 500 requests a second (--rate), and print each bucket's hold." };
var gates = new Option<bool>("--gates") { Description = "Instead: three servers behind gates, killed, frozen and cut off one after the other." };
var freeze = new Option<int>("--freeze") { Description = "With --gates: how many seconds a frozen process stays frozen.", DefaultValueFactory = _ => 75 };
var noFuse = new Option<bool>("--without-fuse") { Description = "With --gates, the control: a gate is killed whose fuse stands still, before a server that does not stop. The run succeeds when the checker finds what that server does." };
var mixed = new Option<bool>("--mixed") { Description = "With --gates: one server that its gate runs, one that it does not run, and one without a gate." };
var misled = new Option<bool>("--without-supervision") { Description = "With --gates, the control: a gate is killed that says that it runs its server, and runs another program. The run succeeds when the checker finds what that server does." };
var two = new Option<bool>("--two-servers") { Description = "Instead: bases change sides between two servers that follow nothing, behind nginx with the manual's split and behind gates." };
var root = new RootCommand("Real processes (etcd, proxies, monitors, dtable-server stand-ins) under load, disturbed in a seeded order, judged at the end.")
{
    seconds, seed, bases, sockets, rate, planned, only, noHandOff, keep, drain, gates, freeze, mixed, noFuse, misled, two,
};
root.SetAction(async (parsed, _) =>
{
    var options = new SystemTestOptions
    {
        Duration = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
        Seed = parsed.GetValue(seed),
        Bases = parsed.GetValue(bases),
        Sockets = parsed.GetValue(sockets),
        Rate = parsed.GetValue(rate),
        PlannedOnly = parsed.GetValue(planned),
        Only = parsed.GetValue(only),
        HandOff = !parsed.GetValue(noHandOff),
        Directory = parsed.GetValue(keep),
    };
    if (parsed.GetValue(gates))
    {
        var kind = parsed.GetValue(noFuse) ? GateRunKind.WithoutFuse
            : parsed.GetValue(misled) ? GateRunKind.WithoutSupervision
            : parsed.GetValue(mixed) ? GateRunKind.Mixed : GateRunKind.Supervised;
        var gated = await GateRun.RunAsync(
            new GateRunOptions
            {
                Seed = options.Seed,
                Bases = parsed.GetResult(bases) is { Implicit: false } ? options.Bases : new GateRunOptions().Bases,
                Rate = parsed.GetResult(rate) is { Implicit: false } ? options.Rate : new GateRunOptions().Rate,
                Freeze = TimeSpan.FromSeconds(parsed.GetValue(freeze)),
                Only = options.Only,
                Kind = kind,
                Directory = options.Directory,
            },
            Console.Out);
        Console.WriteLine(gated);
        if (kind is GateRunKind.Supervised or GateRunKind.Mixed)
            return gated.Passed ? 0 : 1;
        Console.WriteLine(gated.Ownership.ForeignSaves.Count > 0 ? "control: the checker found the saves of the server that should be dead" : "control: FAILED, nothing was found");
        return gated.Ownership.ForeignSaves.Count > 0 ? 0 : 1;
    }
    if (parsed.GetValue(two))
    {
        var usual = new TwoServersOptions();
        var compared = await TwoServersRun.RunAsync(
            new TwoServersOptions
            {
                Seed = options.Seed,
                Bases = parsed.GetResult(bases) is { Implicit: false } ? options.Bases : usual.Bases,
                Rate = parsed.GetResult(rate) is { Implicit: false } ? options.Rate : usual.Rate,
                Sockets = parsed.GetResult(sockets) is { Implicit: false } ? options.Sockets : usual.Sockets,
                Directory = options.Directory,
            },
            Console.Out);
        Console.WriteLine(compared);
        return compared.Passed ? 0 : 1;
    }
    if (parsed.GetValue(drain) is { } node)
    {
        var drained = await DrainRun.RunAsync(parsed.GetResult(rate) is { Implicit: false } ? options : options with { Rate = 500 }, node);
        Console.WriteLine(drained);
        return drained.Passed && drained.Took <= DrainReport.Limit ? 0 : 1;
    }
    var report = await SystemRun.RunAsync(options, Console.Out);
    Console.WriteLine(report);
    if (options.HandOff)
        return report.Passed ? 0 : 1;
    Console.WriteLine(report.Ownership.Lost > 0 ? "control: the checker found the loss" : "control: FAILED, nothing was found");
    return report.Ownership.Lost > 0 ? 0 : 1;
});
return await root.Parse(args).InvokeAsync();
