using System.ComponentModel;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Gateway.Tests.Support;

/// <summary>On a test class, or one test, that needs a server which is not part of the SDK.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public abstract class NeedsServerAttribute : Attribute
{
    /// <summary>Why its tests are skipped; null: they run.</summary>
    public abstract string? SkipReason { get; }
}

/// <summary>Never skipped in CI: there a missing Redis is a failure.</summary>
public sealed class NeedsRedisAttribute : NeedsServerAttribute
{
    public static string? Missing =>
        RedisServer.IsInstalled || Environment.GetEnvironmentVariable("CI") is "true" ? null : "redis-server is not installed (Debian: apt-get install redis-server).";

    public override string? SkipReason => Missing;
}

/// <summary>SQL Server is nothing that a test could install: these run where somebody has one.</summary>
public sealed class NeedsSqlServerAttribute : NeedsServerAttribute
{
    public static string? Missing => SqlServerAccess.ConnectionString is null ? $"{SqlServerAccess.Variable} names no SQL Server." : null;

    public override string? SkipReason => Missing;
}

/// <summary>… and on it a database whose READ_COMMITTED_SNAPSHOT is the other way round.</summary>
public sealed class NeedsOtherIsolationAttribute : NeedsServerAttribute
{
    public override string? SkipReason => NeedsSqlServerAttribute.Missing ?? SqlServerAccess.NoOtherIsolation;
}

/// <summary>Never skipped in CI: there a missing browser is a failure.</summary>
public sealed class NeedsChromiumAttribute : NeedsServerAttribute
{
    public static string? Missing =>
        Browser.Executable is not null || Environment.GetEnvironmentVariable("CI") is "true" ? null : "chromium is not installed (Debian: apt-get install chromium).";

    public override string? SkipReason => Missing;
}

/// <summary>A fact that is skipped where its class needs a server that is not there.</summary>
[XunitTestCaseDiscoverer("Gateway.Tests.Support.ServerFactDiscoverer", "Gateway.Tests")]
public sealed class ServerFactAttribute : FactAttribute;

/// <inheritdoc cref="ServerFactAttribute"/>
[XunitTestCaseDiscoverer("Gateway.Tests.Support.ServerTheoryDiscoverer", "Gateway.Tests")]
public sealed class ServerTheoryAttribute : TheoryAttribute;

public sealed class ServerFactDiscoverer(IMessageSink sink) : FactDiscoverer(sink)
{
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        new ServerTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod);
}

public sealed class ServerTheoryDiscoverer(IMessageSink sink) : TheoryDiscoverer(sink)
{
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow) =>
        [new ServerTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, dataRow)];
}

public sealed class ServerTestCase : XunitTestCase
{
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("For deserialization.")]
    public ServerTestCase()
    {
    }

    public ServerTestCase(IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, object[]? arguments = null)
        : base(sink, display, options, method, arguments)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute) =>
        TestMethod.TestClass.Class.ToRuntimeType().GetCustomAttributes(inherit: true).Concat(TestMethod.Method.ToRuntimeMethod().GetCustomAttributes(inherit: true)).OfType<NeedsServerAttribute>().Select(needed => needed.SkipReason).FirstOrDefault(reason => reason is not null)
            ?? base.GetSkipReason(factAttribute);
}
