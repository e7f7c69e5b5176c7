create or replace view core.overviews
with (security_invoker = true) as
select
  account.id as user_id,
  case caller.rank
    when 3 then 'admin'
    when 2 then 'moderator'
    when 1 then 'member'
    else 'restricted'
  end as session_role
from core.users as account
cross join (select core.current_role_rank() as rank) as caller
where account.id = core.current_user_id();

comment on view core.overviews is
  E'@name overview\n@primaryKey user_id\n@foreignKey (user_id) references core.users (id)|@foreignSingleFieldName overview\n@behavior -query:resource:connection -query:resource:list -query:resource:single\nWhat waits for the caller, and what they may do: one row, of oneself. Each module adds what it knows as functions of the row. One look-up by primary key.';
comment on column core.overviews.user_id is 'The caller.';
comment on column core.overviews.session_role is
  'What this request may do: member, moderator or admin; restricted for an account that is banned, disabled or closed, which has the rights of a visitor.';

revoke all on core.overviews from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.overviews to stoa_anonymous;
