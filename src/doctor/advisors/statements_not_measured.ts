import type { LiveAdvisor } from './advisor.ts';

export const statementsNotMeasured: LiveAdvisor = {
  name: 'statements_not_measured',
  level: 'notice',
  title: 'Nobody measures which statements are slow',
  why: 'pg_stat_statements counts calls, time and blocks of every statement, for a few megabytes of memory. Without it, a slow statement is found by luck.',
  query: `
    select
      'pg_stat_statements' as object,
      case
        when not is_loaded then 'The library is not loaded; it can be from the next start of the server on.'
        else 'The library is loaded, and the extension is not in this database.'
      end as what,
      case
        when is_loaded then 'create extension pg_stat_statements schema public;'
        when is_at_hand then format(
          'alter system set shared_preload_libraries = %s; create extension if not exists pg_stat_statements schema public;',
          concat_ws(', ', nullif(current_setting('shared_preload_libraries'), ''), 'pg_stat_statements')
        )
        else 'Install the contrib package of this server, which carries pg_stat_statements.'
      end as cure
    from (
      select
        position('pg_stat_statements' in current_setting('shared_preload_libraries')) > 0 as is_loaded,
        exists (select from pg_catalog.pg_available_extensions where name = 'pg_stat_statements') as is_at_hand
    ) as server
    where not is_loaded
      or not exists (select from pg_catalog.pg_extension where extname = 'pg_stat_statements')`,
};
