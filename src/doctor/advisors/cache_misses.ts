import { type LiveAdvisor, limit } from './advisor.ts';

export const cacheMisses: LiveAdvisor = {
  name: 'cache_misses',
  level: 'notice',
  title: 'Much is read that was not in memory',
  why: 'What is read often does not fit into shared_buffers. The kernel may still have it, but each such read is a copy, and after a restart of the machine it is the disk.',
  query: `
    select
      d.datname::text as object,
      format('%s%% of %s blocks were in memory; shared_buffers is %s, and another value holds from the next start of the server on.',
        round(100.0 * d.blks_hit / (d.blks_hit + d.blks_read), 1), to_char(d.blks_hit + d.blks_read, 'FM999,999,999,990'), current_setting('shared_buffers')) as what,
      format('alter system set shared_buffers = %L; select pg_stat_reset();',
        pg_size_bytes(current_setting('shared_buffers')) * 2 / 1024 / 1024 || 'MB') as cure
    from pg_catalog.pg_stat_database as d
    where d.datname = current_database()
      and d.blks_hit + d.blks_read >= ${limit('cacheBlocks')}
      and d.blks_hit < (d.blks_hit + d.blks_read) * ${limit('cacheHitShare')}`,
};
