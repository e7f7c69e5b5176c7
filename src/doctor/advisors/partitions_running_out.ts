import { type LiveAdvisor, limit } from './advisor.ts';

export const partitionsRunningOut: LiveAdvisor = {
  name: 'partitions_running_out',
  level: 'error',
  title: 'A table that will soon have no partition for its rows',
  why: 'A row of a period without a partition is refused. The job partitions_maintain makes them every night: it does not run, or fails.',
  needs: 'ops.partition_policies',
  query: `
    select
      status.parent as object,
      format('%s ahead, %s are wanted; rows can be written until %s.', status.ahead, status.ahead_wanted, status.covered_until) as what,
      format('select * from ops.ensure_partitions(%L);', status.parent) as cure
    from ops.partition_status() as status
    where cardinality($1::text[]) > 0 and status.ahead < ${limit('partitionsAhead')}`,
};
