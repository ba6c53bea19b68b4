//! A budget of the whole portal, divided among several counters.
//!
//! Every email counts in the transaction that claims it, and transactions on one counter conflict
//! from about ten a second on. A small budget has one counter, because it is used up before that
//! matters. A larger one is divided into shards, each with its own counter and its share.

/// A share is at least this large: so many emails are about 200 s of work for one counter.
const MIN_SHARE: u64 = 2_000;
/// So many counters take 640 transactions a second.
const MAX_SHARDS: u64 = 64;

/// Returns the number of shards of a budget of `limit` emails.
pub const fn shards(limit: u64) -> u64 {
    match limit / MIN_SHARE {
        0 => 1,
        shards if shards > MAX_SHARDS => MAX_SHARDS,
        shards => shards,
    }
}

/// Returns the share of one shard. The shares of all shards add up to the limit.
pub const fn share(limit: u64, shard: u64) -> u64 {
    let shards = shards(limit);
    limit / shards + if shard < limit % shards { 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_budget_has_one_counter_and_the_shares_of_a_large_one_add_up() {
        for (limit, expected) in [
            (1, 1),
            (1_000, 1),
            (3_999, 1),
            (4_000, 2),
            (127_999, 63),
            (128_000, 64),
            (100_000_000, 64),
        ] {
            assert_eq!(shards(limit), expected, "{limit}");
            let shares: Vec<_> = (0..expected).map(|shard| share(limit, shard)).collect();
            assert_eq!(shares.iter().sum::<u64>(), limit);
            let (least, most) = (shares.iter().min(), shares.iter().max());
            assert!(most.unwrap() - least.unwrap() <= 1, "{limit}");
        }
    }
}
