revoke all on governance.proposals from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.proposals to stoa_anonymous;

drop policy if exists published on governance.proposals;
create policy published on governance.proposals
for select
to stoa_anonymous
using (status <> 'draft');

comment on policy published on governance.proposals is 'Everybody reads every proposal that has left the draft.';

drop policy if exists own on governance.proposals;
create policy own on governance.proposals
for select
to stoa_member
using (proposer_id = (select core.current_user_id()));

comment on policy own on governance.proposals is 'Members read their own drafts.';

drop policy if exists staff on governance.proposals;
create policy staff on governance.proposals
for select
to stoa_moderator
using (true);

comment on policy staff on governance.proposals is 'Staff of the platform reads drafts as well.';
