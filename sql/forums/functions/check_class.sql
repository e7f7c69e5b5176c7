create or replace function forums.check_class(p_class_id smallint)
returns smallint
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_class_id is not null and not exists (select from core.user_classes as class where class.id = p_class_id) then
    perform core.fail('class.unknown');
  end if;
  return p_class_id;
end
$$;

comment on function forums.check_class(smallint) is 'Internal. An account class that exists, or null. Refuses others (class.unknown).';

revoke all on function forums.check_class(smallint) from public;
