create or replace function tracker.in_classes(p_setting text)
returns boolean
language sql
stable
set search_path = ''
begin atomic
  select exists (
    select
    from core.users as person
    join core.user_classes as class on class.id = person.class_id
    where person.id = core.current_user_id()
      and core.setting_json(p_setting) ? class.slug
  );
end;

comment on function tracker.in_classes(text) is
  'Internal. Whether the caller''s account class is among those whose machine names a setting lists.';

revoke all on function tracker.in_classes(text) from public;
