package outputs

import (
	"net/http"
	"strings"
)

// fate is what becomes of a document, or of all documents of a request.
type fate uint8

const (
	// delivered: Elasticsearch has it.
	delivered fate = iota
	// again: not now; the same will work later.
	again
	// unwelcome: not until somebody changes something: credentials, rights, the address.
	unwelcome
	// rejected: this document will never be accepted as it is.
	rejected
	// oversize: too large for one request.
	oversize
	// unknown: nobody knows what the cluster did with the request.
	unknown
)

// temporaryTypes are the errors with a 4xx status that are not the document's fault and pass: a blocked, missing or
// closed index, a cluster without room for another shard, a node that has too much to do.
var temporaryTypes = map[string]bool{
	"cluster_block_exception":         true,
	"index_not_found_exception":       true,
	"index_closed_exception":          true,
	"validation_exception":            true,
	"es_rejected_execution_exception": true,
	"circuit_breaking_exception":      true,
}

// judgeItem says what an item's status and error type mean for its document.
func judgeItem(status int, errorType string) fate {
	switch {
	case status == http.StatusOK, status == http.StatusCreated, status == http.StatusConflict:
		return delivered
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return again
	case temporaryTypes[errorType]:
		return again
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return unwelcome
	case status >= http.StatusBadRequest:
		return rejected
	}
	// An item with a status that no create has says nothing about its document.
	return unknown
}

// judgeRequest says what the status of a whole request means, when it is not 200.
func judgeRequest(status int, errorType string) fate {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return oversize
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return again
	case temporaryTypes[errorType]:
		return again
	case status >= http.StatusMultipleChoices:
		return unwelcome
	}
	return unknown
}

// deadLetterReason returns the value of the metric's reason label for an error type, out of a closed set.
func deadLetterReason(errorType string) string {
	switch {
	case errorType == "document_parsing_exception", errorType == "mapper_parsing_exception",
		strings.HasSuffix(errorType, "_parse_exception"):
		return "mapping"
	case errorType == tooLarge:
		return tooLarge
	case errorType == "illegal_argument_exception", errorType == "strict_dynamic_mapping_exception":
		return "invalid"
	}
	return "other"
}
