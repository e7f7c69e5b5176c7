create or replace function audit.refuse_change()
returns trigger
language plpgsql
-- The digests are granted to nobody.
security definer
set search_path = ''
as $$
declare
  personal constant text[] := array['old_values', 'new_values', 'reason', 'ip_address', 'user_agent'];
begin
  if tg_level = 'ROW' and tg_op = 'UPDATE' then
    if to_jsonb(new) - personal = to_jsonb(old) - personal and exists (
      select
      from audit.digests as committed
      where committed.log_id = old.id
        and committed.scrubbed_digest = audit.personal_digest(new, '')
    ) then
      return new;
    end if;
  end if;
  raise exception 'the audit log only grows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

comment on function audit.refuse_change() is
  'Trigger of the audit log: refuses every UPDATE, DELETE and TRUNCATE, of the owner too, but what audit.scrub_log has announced in audit.digests: an erasure takes out what identifies a person. Old entries leave by dropping a whole partition after it was exported.';

revoke all on function audit.refuse_change() from public;
