using System.Reflection;
using Gateway.Stores.SqlServer;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace Gateway.Tests.Stores.SqlServer;

/// <summary>Every statement by Microsoft's own parser, and what the statements must not lean on.</summary>
public sealed class SqlServerScriptTests
{
    private static readonly string[] BinaryParameters = ["@key", "@claim", "@fingerprint", "@actor", "@heir", "@first", "@last"];

    public static TheoryData<string> Scripts => [.. typeof(SqlServerScripts).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_is_T_SQL_of_every_version_from_2016_on(string name)
    {
        foreach (var parser in (TSqlParser[])[new TSql130Parser(initialQuotedIdentifiers: true), new TSql150Parser(true), new TSql160Parser(true), new TSql170Parser(true)])
        {
            foreach (var text in (string[])[TextOf(name), .. Executed(TextOf(name))])
            {
                using var reader = new StringReader(text);
                parser.Parse(reader, out var errors);
                Assert.True(errors.Count == 0, $"{name} with {parser.GetType().Name}: {string.Join("; ", errors.Select(error => $"{error.Line}:{error.Column} {error.Message}"))}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_has_no_MERGE_no_WAITFOR_and_no_hint(string name)
    {
        var found = new Forbidden();
        Parse(TextOf(name)).Accept(found);
        Assert.Empty(found.Names);
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_casts_each_binary_parameter_to_its_length(string name)
    {
        var references = new Parameters();
        Parse(TextOf(name)).Accept(references);
        Assert.All(BinaryParameters, parameter => Assert.Equal(
            references.All.Count(variable => variable == parameter),
            references.Cast.Count(variable => variable == parameter)));
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_works_in_the_configured_schema_alone(string name)
    {
        var text = typeof(SqlServerScripts).GetProperty(name)!.GetValue(new SqlServerScripts("pay_1"));
        Assert.DoesNotContain("idempotency", WithoutComments((string)text!), StringComparison.Ordinal);
        Assert.Contains("[pay_1].", (string)text!, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_T_SQL_would_be_noticed()
    {
        new TSql160Parser(true).Parse(new StringReader("SELEC 1 FROM"), out var errors);
        Assert.NotEmpty(errors);
        Assert.Equal(["SELEC 1"], Executed("EXEC (N'SELEC 1');"));
        var found = new Forbidden();
        Parse("MERGE a USING b ON a.x = b.x WHEN MATCHED THEN DELETE; WAITFOR DELAY '0:0:1'; SELECT 1 FROM a WITH (UPDLOCK) OPTION (MAXDOP 1);").Accept(found);
        Assert.Equal(["MERGE", "WAITFOR", "hint", "hint"], found.Names.Order(StringComparer.Ordinal));
    }

    private static string TextOf(string name) => (string)typeof(SqlServerScripts).GetProperty(name)!.GetValue(new SqlServerScripts(SqlServerScripts.DefaultSchema))!;

    private static TSqlFragment Parse(string text) => new TSql160Parser(initialQuotedIdentifiers: true).Parse(new StringReader(text), out _);

    /// <summary>The texts within it that it executes.</summary>
    private static List<string> Executed(string text)
    {
        var executed = new Executes();
        Parse(text).Accept(executed);
        return executed.Texts;
    }

    private static string WithoutComments(string text) => string.Concat(Parse(text).ScriptTokenStream
        .Where(token => token.TokenType is not (TSqlTokenType.SingleLineComment or TSqlTokenType.MultilineComment)).Select(token => token.Text));

    private sealed class Forbidden : TSqlFragmentVisitor
    {
        public List<string> Names { get; } = [];

        public override void Visit(MergeStatement node) => Names.Add("MERGE");

        public override void Visit(WaitForStatement node) => Names.Add("WAITFOR");

        public override void Visit(TableHint node) => Names.Add("hint");

        public override void Visit(OptimizerHint node) => Names.Add("hint");
    }

    private sealed class Executes : TSqlFragmentVisitor
    {
        public List<string> Texts { get; } = [];

        public override void Visit(ExecutableStringList node) => Texts.AddRange(node.Strings.OfType<StringLiteral>().Select(text => text.Value));
    }

    private sealed class Parameters : TSqlFragmentVisitor
    {
        public List<string> All { get; } = [];

        public List<string> Cast { get; } = [];

        public override void Visit(VariableReference node) => All.Add(node.Name);

        public override void Visit(CastCall node)
        {
            if (node is { Parameter: VariableReference variable, DataType: SqlDataTypeReference { SqlDataTypeOption: SqlDataTypeOption.Binary, Parameters.Count: 1 } })
            {
                Cast.Add(variable.Name);
            }
        }
    }
}
