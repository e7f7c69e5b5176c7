create or replace function audit.log_row_change()
returns trigger
language plpgsql
-- Writes the log, whoever changes the row.
security definer
set search_path = ''
as $$
declare
  before_image jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  after_image jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  image jsonb := coalesce(after_image, before_image);
  -- Keys that are no uuid (reference data) go to resource_key.
  has_uuid boolean := coalesce(image ->> 'id', '') ~ '^[0-9a-f]{8}-[0-9a-f-]{27}$';
begin
  perform audit.record(
    p_action => 'row.' || lower(tg_op),
    p_resource_type => tg_table_schema || '.' || tg_table_name,
    p_resource_id => case when has_uuid then (image ->> 'id')::uuid end,
    p_resource_key => case when not has_uuid then jsonb_build_object('id', image -> 'id') end,
    p_old_values => before_image,
    p_new_values => after_image
  );
  return null;
end
$$;

comment on function audit.log_row_change() is
  'Trigger for tables that administrators write directly: every inserted, updated or deleted row leaves an entry with its images in the audit log. The table''s key column must be id.';

revoke all on function audit.log_row_change() from public;
