revoke all on governance.comments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.comments to stoa_anonymous;

drop policy if exists published on governance.comments;
create policy published on governance.comments
for select
to stoa_anonymous
using (
  (
    select true
    from governance.proposals as proposal
    where proposal.id = comments.proposal_id
      and proposal.status <> 'draft'
  )
);

comment on policy published on governance.comments is 'Whoever may read a proposal that has left the draft reads its discussion, deleted comments as tombstones without text.';

drop policy if exists staff on governance.comments;
create policy staff on governance.comments
for select
to stoa_moderator
using (true);

comment on policy staff on governance.comments is 'Staff of the platform reads every comment.';
