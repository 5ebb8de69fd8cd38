package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"gatewatch/alerting/receivers"
)

// readNotice reads the file of a notice.
func readNotice(path string) (n receivers.Notice, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return n, err
	}
	if info.Size() > maxNoticeFile {
		return n, fmt.Errorf("%d bytes are too many", info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return n, err
	}
	if err := json.Unmarshal(text, &n); err != nil {
		return n, err
	}
	if len(n.Alerts) == 0 {
		return n, errors.New("no alerts in it")
	}
	return n, nil
}
