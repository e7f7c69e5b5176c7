create or replace function forums.class_reaches(p_user_id uuid, p_class_id smallint)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return p_class_id is null or exists (
    select
    from core.users as person
    join core.user_classes as held on held.id = person.class_id
    join core.user_classes as wanted on wanted.id = p_class_id
    where person.id = p_user_id
      and held.sort_order >= wanted.sort_order
  );
end
$$;

comment on function forums.class_reaches(uuid, smallint) is
  'Internal. Whether a person''s account class is at least this one; no class is reached by everybody.';

revoke all on function forums.class_reaches(uuid, smallint) from public;
