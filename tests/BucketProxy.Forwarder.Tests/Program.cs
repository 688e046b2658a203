using BucketProxy.Forwarder.Tests.Support;

// What a test does in a process of its own, because it would harm the others.
return args is [OutOfDescriptors.Name] ? await OutOfDescriptors.RunAsync() : 2;
