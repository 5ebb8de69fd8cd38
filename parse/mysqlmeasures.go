package parse

import (
	"strings"

	"gatewatch/event"
)

var (
	slowSchema  = ecs("mysql.slowlog.schema")
	slowPlan    = event.Field{Name: []byte("explain")}
	slowCurrent = ecs("mysql.slowlog.current_user")
)

// slowMeasures are the fields of what the comments of slow query logs say, by the name there. Names that begin with + are
// numbers, with ? yes or no; "=" separates what the field is called from what the log calls it.
var slowMeasures = func() map[string]event.Field {
	all := map[string]event.Field{
		"Query_time": durationField,
		"Schema":     slowSchema,
		"Id":         ecsNumber("mysql.thread_id"),
		"Thread_id":  ecsNumber("mysql.thread_id"),
		"Start":      ecs("event.start"),
		"End":        ecs("event.end"),
	}
	for entry := range strings.FieldsSeq(`
		+lock_time.sec=Lock_time +rows_sent=Rows_sent +rows_examined=Rows_examined +rows_affected=Rows_affected
		+bytes_sent=Bytes_sent +bytes_received=Bytes_received killed=Killed last_errno=Last_errno last_errno=Errno
		+tmp_tables=Tmp_tables +tmp_tables=Created_tmp_tables +tmp_disk_tables=Tmp_disk_tables
		+tmp_disk_tables=Created_tmp_disk_tables +tmp_table_sizes=Tmp_table_sizes
		?query_cache_hit=QC_hit ?query_cache_hit=QC_Hit ?full_scan=Full_scan ?full_join=Full_join ?tmp_table=Tmp_table
		?tmp_table_on_disk=Tmp_table_on_disk ?filesort=Filesort ?filesort_on_disk=Filesort_on_disk
		?priority_queue=Priority_queue +merge_passes=Merge_passes +sort_merge_passes=Sort_merge_passes
		+sort_range_count=Sort_range_count +sort_rows=Sort_rows +sort_scan_count=Sort_scan_count
		+read_first=Read_first +read_last=Read_last +read_key=Read_key +read_next=Read_next +read_prev=Read_prev
		+read_rnd=Read_rnd +read_rnd_next=Read_rnd_next
		log_slow_rate_type=Log_slow_rate_type +log_slow_rate_limit=Log_slow_rate_limit
		innodb.trx_id=InnoDB_trx_id +innodb.io_r_ops=InnoDB_IO_r_ops +innodb.io_r_bytes=InnoDB_IO_r_bytes
		+innodb.io_r_wait.sec=InnoDB_IO_r_wait +innodb.rec_lock_wait.sec=InnoDB_rec_lock_wait
		+innodb.queue_wait.sec=InnoDB_queue_wait +innodb.pages_distinct=InnoDB_pages_distinct
		stored_routine=Stored_routine +pages_accessed=Pages_accessed +pages_read=Pages_read +pages_prefetched=Pages_prefetched +pages_updated=Pages_updated
		+pages_old_rows_read=Old_rows_read +pages_read_time.msec=Pages_read_time +engine_time.msec=Engine_time`) {
		name, written, _ := strings.Cut(entry, "=")
		f := ecs("mysql.slowlog." + strings.TrimLeft(name, "+?"))
		switch name[0] {
		case '+':
			f.Kind = event.Number
		case '?':
			f.Kind = event.Bool
		}
		all[written] = f
	}
	return all
}()
