using System.Runtime.CompilerServices;
using Gateway.Stores;
using Gateway.Stores.InMemory;

namespace Gateway.Tests.Stores.InMemory;

/// <summary>Against a dictionary, over more records than a piece of it holds.</summary>
public sealed class RecordTableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_holds_what_was_put_and_not_removed(int seed)
    {
        var random = new Random(seed);
        var table = new RecordTable();
        var model = new Dictionary<RecordKey, long>();
        for (var step = 0; step < 40_000; step++)
        {
            var key = new RecordKey((UInt128)(uint)random.Next(6000) << 64);
            if (random.Next(3) == 0)
            {
                Assert.Equal(model.Remove(key), table.Remove(key));
                Assert.True(Unsafe.IsNullRef(ref table.Find(key)));
            }
            else
            {
                ref var record = ref table.FindOrAdd(key, out var exists);
                Assert.Equal(model.TryGetValue(key, out var before), exists);
                Assert.Equal(before, record.CreatedAt); // an empty one, where there was none
                Assert.Equal(0, record.Answer.Length);
                record.CreatedAt = model[key] = step + 1;
            }

            Assert.Equal(model.Count, table.Count);
        }

        Assert.True(model.Count > 2048);
        Assert.Equal(model.OrderBy(pair => pair.Value).Select(pair => (pair.Key, pair.Value)), table.All.OrderBy(pair => pair.Record.CreatedAt).Select(pair => (pair.Key, pair.Record.CreatedAt)));
        Assert.All(model, pair => Assert.Equal(pair.Value, table.Find(pair.Key).CreatedAt));
    }
}
