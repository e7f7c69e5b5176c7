create or replace trigger lose_group
before update of group_id on workspace.projects
for each row
execute function workspace.lose_group();

comment on trigger lose_group on workspace.projects is 'What a group could read goes on without it when the group is purged.';
