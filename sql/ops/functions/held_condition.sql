create or replace function ops.held_condition(p_table text, p_row text default 'target')
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  conditions text[] := '{}';
  held record;
  link text;
begin
  for held in
    select distinct hold.kind from ops.legal_holds as hold where hold.released_at is null order by hold.kind
  loop
    link := ops.hold_link(p_table::regclass, p_row, held.kind);
    if link is not null then
      conditions := conditions || replace(
        link,
        ':held',
        format('array(select held.id from ops.held_ids(%L) as held (id))', held.kind)
      );
    end if;
  end loop;
  -- A null in a foreign key must not make the answer unknown.
  return 'coalesce(' || nullif(array_to_string(conditions, ' or '), '') || ', false)';
end
$$;

comment on function ops.held_condition(text, text) is
  'The condition, as SQL, under which a legal hold keeps a row of this table; null when none could, as on most days. Reads the holds that are open and the catalog.';

revoke all on function ops.held_condition(text, text) from public;
