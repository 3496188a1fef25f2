using System.Text;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>
/// Texts on which JSON parsers disagree, in the manner of Nicolas Seriot's "Parsing JSON is a Minefield": what has to be taken, what
/// has to be refused, and what the standard leaves open, with what is done here. Refused bodies are compared by their bytes.
/// </summary>
public sealed class JsonCorpusTests
{
    public static TheoryData<string> Taken =>
    [
        "[[]   ]", "[\"\"]", "[]", "[\"a\"]", "[false]", "[null, 1, \"1\", {}]", "[null]", "[1\n]", " [1]", "[1,null,null,null,2]", "[2] ",
        "[123e65]", "[0e+1]", "[0e1]", "[ 4]", "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]", "[20e1]", "[-0]", "[-123]", "[-1]",
        "[1E22]", "[1E-2]", "[1E+2]", "[123e45]", "[123.456e78]", "[1e-2]", "[1e+2]", "[123]", "[123.456789]",
        "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}", "{\"asd\":\"sdf\"}", "{}", "{\"\":0}", "{\"foo\\u0000bar\": 42}", "{ \"min\": -1.0e+28, \"max\": 1.0e+28 }",
        "{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"x\"}", "{\"a\":[]}", "{\"title\":\"\\u041f\\u043e\\u043b\" }", "{\n\"a\": \"b\"\n}",
        "[\"\\u0060\\u012a\\u12AB\"]", "[\"\\uD801\\udc37\"]", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\\u0000\"]", "[\"\\\"\"]", "[\"a/*b*/c/*d//e\"]",
        "[\"\\\\a\"]", "[\"\\\\n\"]", "[\"\\u0012\"]", "[\"\\uFFFF\"]", "[\"asd\"]", "[ \"asd\"]", "[\"\\uDBFF\\uDFFF\"]", "[\"new\\u00A0line\"]", "[\"\uDBFF\uDFFF\"]", "[\"\uFFFF\"]",
        "[\"\\u0000\"]", "[\"\\u002c\"]", "[\"\u03C0\"]", "[\"asd \"]", "\" \"", "[\"\\uD834\\uDd1e\"]", "[\"\\u0821\"]", "[\"\\u0123\"]", "[\"\u2028\"]", "[\"\u2029\"]", "[\"\\u0061\\u30af\\u30EA\\u30b9\"]",
        "[\"new\\u000Aline\"]", "[\"\u007F\"]", "[\"\\uA66D\"]", "[\"\\u005C\"]", "[\"\\u0022\"]", "[\"\\u200B\"]", "[\"\\u2064\"]", "[\"\\uFDD0\"]", "[\"\\uFFFE\"]", "[\"\u20AC\uD834\uDD1E\"]", "[\"a\u007Fa\"]",
        "false", "42", "-0.1", "null", "\"asd\"", "true", "\"\"", "[\"a\"]\n", "[true]", " [] ", "\t\r\n[]\t\r\n",

        // What the standard leaves open. Numbers have no bound, and a depth of 64 is enough for everybody.
        "[123.456e-789]", "[0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999969999999006]", "[-1e+9999]", "[1.5e+9999]",
        "[-123123e100000]", "[123123e100000]", "[123e-10000000]", "[-123123123123123123123123123123]", "[100000000000000000000]", "[-237462374673276894279832749832423479823246327846]", "[1e999999999]", "[0e-999999999999999999]",
    ];

    public static TheoryData<string> Refused =>
    [
        "[1 true]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\"]]", "[\"\",]", "[\"x\"", "[x", "[3[4]]", "[1:2]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,", "[1,]", "[1,,]", "[\"\u000Ba\"\\f]", "[*]", "[\"\"", "[1,", "[1,\n1\n,1", "[{}",
        "[fals]", "[nul]", "[tru]", "123\0", "[++1234]", "[+1]", "[+Inf]", "[-01]", "[-1.0.]", "[-2.]", "[-NaN]", "[.-1]", "[.2e-3]", "[0.1.2]", "[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]", "[0E]", "[0e+]", "[0e]", "[1.0e+]", "[1.0e-]", "[1.0e]",
        "[1 000.0]", "[1eE2]", "[2.e+3]", "[2.e-3]", "[2.e3]", "[9.e+]", "[Inf]", "[NaN]", "[\uFF11]", "[1+2]", "[0x1]", "[0x42]", "[Infinity]", "[0e+-1]", "[-123.123foo]", "[-Infinity]", "[-foo]", "[- 1]", "[-012]", "[-.123]", "[-1x]", "[1ea]", "[1.]",
        "[.123]", "[1.2a-3]", "[1.8011670033376514H-308]", "[012]", "[1e1.5]", "[1 .5]", "[1. 5]", "[1e 5]",
        "[\"x\", truth]", "{[: \"x\"}\n", "{\"x\", null}", "{\"x\"::\"b\"}", "{\uD83C\uDDE8\uD83C\uDDED}", "{\"a\":\"a\" 123}", "{key: 'value'}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}", "{\"a\":", "{\"a\"", "{1:1}", "{9999E9999:1}", "{null:null,null:null}",
        "{\"id\":0,,,,,}", "{'a':0}", "{\"id\":0,}", "{\"a\":\"b\"}/**/", "{\"a\":\"b\"}/**//", "{\"a\":\"b\"}//", "{\"a\":\"b\"}/", "{\"a\":\"b\",,\"c\":\"d\"}", "{a: \"b\"}", "{\"a\":\"a", "{ \"foo\" : \"bar\", \"a\" }", "{\"a\":\"b\"}#", " ",
        "[\"\\uD800\\\"]", "[\"\\uD800\\u\"]", "[\"\\uD800\\u1\"]", "[\"\\uD800\\u1x\"]", "[\u00E9]", "[\"\\x00\"]", "[\"\\\\\\\"]", "[\"\\\t\"]", "[\"\\\uD83C\uDF00\"]", "[\"\\\"]", "[\"\\u00A\"]", "[\"\\uD834\\uDd\"]", "[\"\\uD800\\uD800\\x\"]", "[\"\\a\"]", "[\"\\uqqqq\"]",
        "[\\u0020\"asd\"]", "[\\n]", "\"", "['single quote']", "abc", "[\"\\", "[\"a\0a\"]", "[\"new\nline\"]", "[\"\t\"]", "\"\\UA66D\"", "\"\"x", "[\"\u001F\"]", "[\u2060]", "\uFEFF", "<.>", "[<null>]", "[1]x", "[1]]", "[\"asd]", "a\u00E5", "[True]", "1]", "{\"x\": true,",
        "[][]", "]", "\uFEFF{", "\u00E5", "[", "", "[\u000C]", "{]", "{,", "{[", "{\"a", "{'a'", "[\"\\{[\"\\{[\"\\{[\"\\{", "{\"\":", "{}}", "{\"\":{", "2@", "{\"a\":/*comment*/\"b\"}", "{\"a\": true} \"x\"", "['", "[,", "[{", "[\"a", "[\"a\"", "{\"a\":\"b\"}#{}",
        "[\\u000A\"\"]", "[1", "[ false, nul", "[ true, fals", "[ false, tru", "{\"asd\":\"asd\"", "[\u00A0]", "\v[]", "[\u0085]", "\u001E[]", "'a'", "[1]\0", "\0[1]", "[1\0]", "{\"a\"\0:1}", "NaN", "--1", "+1", "0x10",

        // What the standard leaves open: a byte order mark, strings that are no Unicode, names that stand twice. Parsers disagree about what they mean.
        "\uFEFF{}", "{\"a\":\"b\",\"a\":\"c\"}", "{\"a\":\"b\",\"a\":\"b\"}", "{\"a\":1,\"\\u0061\":1}", "[\"\\uDADA\"]", "[\"\\uD888\\u1234\"]", "[\"\\uD800\\n\"]", "[\"\\uDd1ea\"]", "[\"\\uD800\\uD800\\n\"]", "[\"\\ud800\"]", "[\"\\ud800abc\"]", "[\"\\uDd1e\\uD834\"]", "[\"\\uDFAA\"]",
        "{\"\\uDFAA\":0}",
    ];

    public static TheoryData<string> RefusedBytes =>
    [
        "5BFF5D", "5B61E55D", "5B31E55D", "5B2DE55D", "5B226185225D", "225CE522", "5B225C75E5225D", "5B225CE5225D", "5B30E55D", "5B316531E55D", "5B3165E55D", "7B22B9223A2230222C7D", "EFBB7B7D", "E5", "EFBBBF", "00", "FF", "5B0D00", "5B22E9225D", "5B22FF225D",
        "5B22E6972EE69CACE8AA9EFF225D", "5B2281225D", "5B22F4BFBFBF225D", "5B22C080225D", "5B22C0AF225D", "5B22E080AF225D", "5B22F08080AF225D", "5B22FC83BFBFBFBF225D", "5B22FC80808080AF225D", "5B22E08080225D", "5B22EDA080225D", "5B22EDBFBF225D", "5B22EDA0B5EDB49E225D",
        "5B22F888808080225D", "5B22F4908080225D", "5B22FE225D", "FFFE5B002200E90022005D00", "005B002200E90022005D", "FEFF005B005D", "0000005B0000005D", "5B22C3225D", "5B22E282225D", "5B22F09F98225D", "7B22C3223A317D", "5B22805D", "5B22BF22", "5BEFBBBF315D", "5B312CC2A0325D",
    ];

    [Theory]
    [MemberData(nameof(Taken))]
    public void What_is_JSON_is_taken_and_white_space_around_it_changes_nothing(string json)
    {
        Assert.NotNull(Canonical.Of(json));
        Assert.NotNull(JsonModel.Of(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(Canonical.Of(json), Canonical.Of($" \t\r\n{json} \t\r\n"));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_not_JSON_or_means_two_things_is_refused(string json)
    {
        Assert.Null(Canonical.Of(json));
        Assert.Null(Canonical.Of(json, [], ["/no/such"]));
        Assert.Null(JsonModel.Of(Encoding.UTF8.GetBytes(json)));
    }

    [Theory]
    [MemberData(nameof(RefusedBytes))]
    public void Bytes_that_are_no_text_are_refused(string hex)
    {
        Assert.Null(Canonical.Of(Convert.FromHexString(hex)));
        Assert.Null(Canonical.Of(Convert.FromHexString(hex), Canonical.Selection([], ["/no/such"])));
        Assert.Null(JsonModel.Of(Convert.FromHexString(hex)));
    }

    /// <summary>All pairs: equal exactly where the model says so. A collision of any two of them would show.</summary>
    [Fact]
    public void No_two_of_them_are_taken_for_one_unless_they_mean_the_same()
    {
        string[] texts = [.. Taken.Select<object[], string>(row => (string)row[0]), "[0]", "[200]", "[2e2]", "[100]", "[1e2]", "[0.01]", "[-1e4]", "[\"/\\b\"]", "[\"\\u0031\"]", "[\"1\"]", "[1]", "[1.0]", "0.42e2", "[\"\\uffff\"]", "{\"\":-0}"];
        var all = texts.Select(text => (text, Bytes: Canonical.Of(text)!, Model: JsonModel.Of(Encoding.UTF8.GetBytes(text))!)).ToList();

        Assert.Contains(all, one => all.Any(other => one.text != other.text && one.Model == other.Model));
        Assert.All(all, one => Assert.All(all, other => Assert.True((one.Bytes == other.Bytes) == (one.Model == other.Model), $"{one.text} {other.text}")));
    }
}
