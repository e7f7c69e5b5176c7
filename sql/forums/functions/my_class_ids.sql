create or replace function forums.my_class_ids()
returns setof smallint
language plpgsql
stable
rows 13
set search_path = ''
as $$
begin
  if core.current_role_rank() = 0 then
    return;
  end if;

  return query
    select reached.id
    from core.users as person
    join core.user_classes as held on held.id = person.class_id
    join core.user_classes as reached on reached.sort_order <= held.sort_order
    where person.id = core.current_user_id();
end
$$;

comment on function forums.my_class_ids() is
  E'@behavior -*\nThe account classes that the caller''s own reaches; none for visitors. For policies; one look-up by primary key.';

revoke all on function forums.my_class_ids() from public;
grant execute on function forums.my_class_ids() to stoa_anonymous;
