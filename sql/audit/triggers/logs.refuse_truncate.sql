-- Does not follow to partitions by itself: ops.ensure_partitions gives each new one its copy.
create or replace trigger refuse_truncate
before truncate on audit.logs
for each statement execute function audit.refuse_change();

comment on trigger refuse_truncate on audit.logs is 'The log only grows.';
