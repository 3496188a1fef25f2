using System.Runtime.InteropServices;
using Gateway.Stores.InMemory;

namespace Gateway.Tests.Stores.InMemory;

public sealed class ByteSlabsTests
{
    [Fact]
    public void Answers_of_all_sizes_stay_what_they_were_beside_and_across_slabs()
    {
        var slabs = new ByteSlabs();
        var random = new Random(1);
        var given = Enumerable.Range(0, 400).Select(_ => new byte[random.Next(0, ByteSlabs.SlabSize / 8)]).ToList();
        given.ForEach(random.NextBytes);
        var kept = given.ConvertAll(answer => slabs.Keep(answer));
        for (var i = 0; i < given.Count; i++)
        {
            Assert.True(given[i].AsSpan().SequenceEqual(kept[i].Span), $"answer {i}");
        }
    }

    [Fact]
    public void Small_ones_share_an_array_and_a_large_one_has_its_own()
    {
        var slabs = new ByteSlabs();
        var (first, second, large) = (ArrayOf(slabs.Keep(new byte[100])), ArrayOf(slabs.Keep(new byte[100])), ArrayOf(slabs.Keep(new byte[ByteSlabs.SlabSize / 2])));
        Assert.Same(first, second);
        Assert.Equal(ByteSlabs.SlabSize, first.Length);
        Assert.Equal(ByteSlabs.SlabSize / 2, large.Length);
    }

    [Fact]
    public void Callers_at_once_get_places_of_their_own()
    {
        var slabs = new ByteSlabs();
        var kept = new ReadOnlyMemory<byte>[20_000];
        Parallel.For(0, kept.Length, i => kept[i] = slabs.Keep(BitConverter.GetBytes(i)));
        Assert.All(Enumerable.Range(0, kept.Length), i => Assert.Equal(i, BitConverter.ToInt32(kept[i].Span)));
    }

    private static byte[] ArrayOf(ReadOnlyMemory<byte> memory) => MemoryMarshal.TryGetArray(memory, out var segment) ? segment.Array! : [];
}
