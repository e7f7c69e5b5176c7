create or replace trigger count_delete
after delete on moderation.reports
referencing old table as removed
for each statement
execute function moderation.count_reports();

comment on trigger count_delete on moderation.reports is 'Keeps report_count of the queue item.';
