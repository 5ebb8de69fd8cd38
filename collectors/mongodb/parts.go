package mongodb

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"gatewatch/collectors/collect"
)

var (
	mongoUp     = collect.Spec{Name: "mongodb_up", Kind: collect.GaugeKind, Help: "Whether the last connection to the server worked.", Labels: nil}
	mongoStatus = collect.Spec{Name: "mongodb_ss_*", Kind: prometheus.UntypedValue, Help: "serverStatus: connections, opcounters, mem, asserts, network, globalLock, wiredTiger and others.",
		Labels: []string{"conn_type", "legacy_op_type", "assert_type", "count_type", "csr_type", "doc_op_type", "op_type", "txn_rw", "txn_rw_type"}}
	mongoSet        = collect.Spec{Name: "mongodb_rs_*", Kind: prometheus.UntypedValue, Help: "replSetGetStatus: the set as this member sees it.", Labels: []string{"rs_nm", "set"}}
	mongoMember     = collect.Spec{Name: "mongodb_rs_members_*", Kind: prometheus.UntypedValue, Help: "Its members: state, health, optimeDate (milliseconds) and others.", Labels: []string{"member_idx", "member_state", "rs_nm", "set"}}
	mongoLag        = collect.Spec{Name: "mongodb_mongod_replset_member_replication_lag", Kind: collect.GaugeKind, Help: "Seconds that a member is behind the primary.", Labels: []string{"name_of_member", "state", "set"}}
	mongoOplogHead  = collect.Spec{Name: "mongodb_mongod_replset_oplog_head_timestamp", Kind: collect.GaugeKind, Help: "Time of the newest entry of the oplog.", Labels: nil}
	mongoOplogTail  = collect.Spec{Name: "mongodb_mongod_replset_oplog_tail_timestamp", Kind: collect.GaugeKind, Help: "Time of the oldest.", Labels: nil}
	mongoOpsWaiting = collect.Spec{Name: "mongodb_currentop_waiting_for_lock", Kind: collect.GaugeKind, Help: "Operations that wait for a lock.", Labels: nil}
	mongoOpsLong    = collect.Spec{Name: "mongodb_currentop_long_running", Kind: collect.GaugeKind, Help: "Operations that have run for ten seconds and more.", Labels: nil}
	mongoOpsLongest = collect.Spec{Name: "mongodb_currentop_longest_seconds", Kind: collect.GaugeKind, Help: "Seconds that the longest operation has run.", Labels: nil}
)

// Catalogue lists every metric that can be given.
func (*Config) Catalogue() []collect.Row {
	all := collect.Metrics{mongoUp, mongoStatus, mongoSet, mongoMember, mongoLag, mongoOpsWaiting, mongoOpsLong, mongoOpsLongest}.List("", collect.DatabaseLabels()...)
	return append(all, collect.Metrics{mongoOplogHead, mongoOplogTail}.List("every 1 min", collect.DatabaseLabels()...)...)
}

// mongoParts lists what one server is asked. No question opens a collection.
func mongoParts(fixed prometheus.Labels) []*collect.Part[*mongoLink] {
	return []*collect.Part[*mongoLink]{
		{Name: "status", Ask: mongoStatusPart(fixed)},
		{Name: "replset", Ask: mongoSetPart(fixed)},
		{Name: "oplog", Every: time.Minute, Ask: mongoOplogPart(fixed)},
		{Name: "operations", Ask: mongoOpsPart(fixed)},
	}
}

// mongoSections are the parts of serverStatus that are told; mongoLabels the documents in it whose keys are labels.
var mongoSections = []string{"asserts", "connections", "extra_info", "flowControl", "globalLock", "mem", "metrics.cursor", "metrics.document",
	"metrics.operation", "metrics.queryExecutor", "metrics.ttl", "metrics.repl", "network", "opLatencies", "opcounters", "opcountersRepl", "queues.execution",
	"repl", "transactions", "uptime", "wiredTiger.cache", "wiredTiger.concurrentTransactions", "wiredTiger.log", "wiredTiger.transaction"}

var mongoLabels = map[string]string{"asserts": "assert_type", "connections": "conn_type", "globalLock.currentQueue": "count_type",
	"metrics.cursor.open": "csr_type", "metrics.document": "doc_op_type", "opcounters": "legacy_op_type", "opcountersRepl": "legacy_op_type"}

func mongoStatusPart(fixed prometheus.Labels) func(context.Context, *mongoLink, *collect.Samples) error {
	made := map[string]collect.Metric{}
	return func(ctx context.Context, link *mongoLink, to *collect.Samples) error {
		answer, err := link.run(ctx, bson.D{{Key: "serverStatus", Value: 1}, {Key: "maxTimeMS", Value: 1000},
			{Key: "tcmalloc", Value: 0}, {Key: "locks", Value: 0}, {Key: "security", Value: 0}})
		if err != nil {
			return err
		}
		out := collect.NewDistinct(to)
		mongoNumbers("", answer, func(path string, v float64) {
			if !slices.ContainsFunc(mongoSections, func(s string) bool { return path == s || strings.HasPrefix(path, s+".") }) {
				return
			}
			s, values := mongoStatusSpec(path)
			m, ok := made[s.Name]
			if !ok {
				m = s.Metric(fixed)
				if len(made) < collect.MaxSamples { // a server may think of new names each time
					made[s.Name] = m
				}
			}
			out.Add(m, v, values...)
		})
		return nil
	}
}

// mongoStatusSpec returns the metric of a number in serverStatus, as mongodb_exporter calls it, and its labels' values.
func mongoStatusSpec(path string) (collect.Spec, []string) {
	parent, last, _ := cutLast(path)
	grand, kind, _ := cutLast(parent)
	switch {
	case grand == "queues.execution" || grand == "wiredTiger.concurrentTransactions":
		s := mongoStatus.Called("wt_concurrentTransactions_" + mongoName(last))
		s.Labels = []string{"txn_rw", "txn_rw_type"}
		return s, []string{kind, kind}
	case grand == "opLatencies":
		s := mongoStatus.Called("opLatencies_" + mongoName(last))
		s.Labels = []string{"op_type"}
		return s, []string{kind}
	case mongoLabels[parent] != "":
		s := mongoStatus.Called(mongoName(parent))
		s.Labels = []string{mongoLabels[parent]}
		return s, []string{last}
	}
	s := mongoStatus.Called(mongoName(path))
	s.Labels = nil
	return s, nil
}

// cutLast cuts path at its last point.
func cutLast(path string) (before, after string, ok bool) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:], true
	}
	return "", path, false
}

var notInMongoName = regexp.MustCompile(`[^a-zA-Z0-9]+`)

// mongoName returns the part of a metric's name that a path makes.
func mongoName(path string) string {
	for _, short := range [][2]string{{"wiredTiger.transaction.", "wt_txn."}, {"wiredTiger.", "wt."}} {
		if rest, ok := strings.CutPrefix(path, short[0]); ok {
			path = short[1] + rest
			break
		}
	}
	return strings.Trim(notInMongoName.ReplaceAllString(path, "_"), "_")
}

// mongoNumbers calls told with every number below value and its path. Lists are left out.
func mongoNumbers(path string, value any, told func(path string, v float64)) {
	switch v := value.(type) {
	case bson.M:
		for key, below := range v {
			mongoNumbers(strings.TrimPrefix(path+"."+key, "."), below, told)
		}
	case bson.D:
		for _, e := range v {
			mongoNumbers(strings.TrimPrefix(path+"."+e.Key, "."), e.Value, told)
		}
	default:
		if n, ok := mongoNumber(value); ok {
			told(path, n)
		}
	}
}

// mongoNumber reads a number, a truth value or a time: dates in milliseconds, stamps in seconds.
func mongoNumber(value any) (float64, bool) {
	switch v := value.(type) {
	case bool:
		return collect.Bool(v), true
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bson.DateTime:
		return float64(v), true
	case bson.Timestamp:
		return float64(v.T), true
	}
	return 0, false
}

// mongoMembers is the most members that a set can have.
const mongoMembers = 50

func mongoSetPart(fixed prometheus.Labels) func(context.Context, *mongoLink, *collect.Samples) error {
	lag := mongoLag.Metric(fixed)
	return func(ctx context.Context, link *mongoLink, to *collect.Samples) error {
		answer, err := link.run(ctx, bson.D{{Key: "replSetGetStatus", Value: 1}, {Key: "maxTimeMS", Value: 1000}})
		if refusedBy(err, 76, 94) { // no replica set, or not set up yet
			return nil
		}
		if err != nil {
			return err
		}
		out := collect.NewDistinct(to)
		set, _ := answer["set"].(string)
		members, _ := answer["members"].(bson.A)
		primary := 0.0
		for i, one := range members {
			if i >= mongoMembers {
				out.Dropped++
				continue
			}
			m := mongoDocument(one)
			if m["stateStr"] == "PRIMARY" {
				// While the set elects one, who was it before may still think to be.
				at, _ := mongoNumber(m["optimeDate"])
				primary = max(primary, at)
			}
			name, _ := m["name"].(string)
			state, _ := m["stateStr"].(string)
			mongoNumbers("", m, func(path string, v float64) {
				out.Add(mongoMember.Called(mongoName(path)).Metric(fixed), v, name, state, set, set)
			})
		}
		for _, one := range members[:min(len(members), mongoMembers)] {
			m := mongoDocument(one)
			name, _ := m["name"].(string)
			at, ok := mongoNumber(m["optimeDate"])
			if m["stateStr"] == "SECONDARY" && ok && primary > 0 {
				out.Add(lag, max(0, primary-at)/1e3, name, "SECONDARY", set)
			}
		}
		for _, key := range []string{"myState", "term", "date", "heartbeatIntervalMillis", "majorityVoteCount", "votingMembersCount"} {
			if v, ok := mongoNumber(answer[key]); ok {
				out.Add(mongoSet.Called(key).Metric(fixed), v, set, set)
			}
		}
		return nil
	}
}

// mongoDocument returns value as a document; an empty one for what is none.
func mongoDocument(value any) bson.M {
	switch v := value.(type) {
	case bson.M:
		return v
	case bson.D:
		m := bson.M{}
		for _, e := range v {
			m[e.Key] = e.Value
		}
		return m
	}
	return bson.M{}
}

// mongoOplogPart asks for the section of serverStatus that is left out unless it is asked for.
func mongoOplogPart(fixed prometheus.Labels) func(context.Context, *mongoLink, *collect.Samples) error {
	head, tail := mongoOplogHead.Metric(fixed), mongoOplogTail.Metric(fixed)
	return func(ctx context.Context, link *mongoLink, out *collect.Samples) error {
		answer, err := link.run(ctx, bson.D{{Key: "serverStatus", Value: 1}, {Key: "oplog", Value: 1}, {Key: "maxTimeMS", Value: 1000},
			{Key: "metrics", Value: 0}, {Key: "wiredTiger", Value: 0}, {Key: "locks", Value: 0}, {Key: "tcmalloc", Value: 0}})
		if err != nil {
			return err
		}
		oplog := mongoDocument(answer["oplog"])
		for key, m := range map[string]collect.Metric{"latestOptime": head, "earliestOptime": tail} {
			stamp := oplog[key]
			if ts, ok := mongoDocument(stamp)["ts"]; ok {
				stamp = ts
			}
			if v, ok := mongoNumber(stamp); ok && v > 0 {
				out.Add(m, v)
			}
		}
		return nil
	}
}

// mongoOpsPart has the server count operations, so that nothing of what they do leaves it.
func mongoOpsPart(fixed prometheus.Labels) func(context.Context, *mongoLink, *collect.Samples) error {
	known := map[string]collect.Metric{"waiting": mongoOpsWaiting.Metric(fixed), "long": mongoOpsLong.Metric(fixed), "longest": mongoOpsLongest.Metric(fixed)}
	sumIf := func(condition any) bson.D {
		return bson.D{{Key: "$sum", Value: bson.D{{Key: "$cond", Value: bson.A{condition, 1, 0}}}}}
	}
	pipeline := bson.A{
		bson.D{{Key: "$currentOp", Value: bson.D{{Key: "allUsers", Value: true}}}},
		bson.D{{Key: "$match", Value: bson.D{{Key: "active", Value: true}, {Key: "op", Value: bson.D{{Key: "$ne", Value: "none"}}},
			{Key: "ns", Value: bson.D{{Key: "$not", Value: bson.Regex{Pattern: `^(admin|local|config)\.|^$`}}}}}}},
		bson.D{{Key: "$group", Value: bson.D{{Key: "_id", Value: nil}, {Key: "waiting", Value: sumIf("$waitingForLock")},
			{Key: "long", Value: sumIf(bson.D{{Key: "$gte", Value: bson.A{"$secs_running", 10}}})},
			{Key: "longest", Value: bson.D{{Key: "$max", Value: "$secs_running"}}}}}},
	}
	return func(ctx context.Context, link *mongoLink, out *collect.Samples) error {
		answer, err := link.run(ctx, bson.D{{Key: "aggregate", Value: 1}, {Key: "pipeline", Value: pipeline},
			{Key: "cursor", Value: bson.D{}}, {Key: "maxTimeMS", Value: 1000}})
		if refusedBy(err, 13435, 13436) { // an arbiter, or a member that is no part of the set yet: nobody works there
			return nil
		}
		if err != nil {
			return err
		}
		found := bson.M{}
		if batch, ok := mongoDocument(answer["cursor"])["firstBatch"].(bson.A); ok && len(batch) > 0 {
			found = mongoDocument(batch[0])
		}
		for key, m := range known {
			v, _ := mongoNumber(found[key]) // nobody does anything: 0
			out.Add(m, v)
		}
		return nil
	}
}
