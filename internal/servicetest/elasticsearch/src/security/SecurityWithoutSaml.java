package org.elasticsearch.xpack.security;

import java.util.List;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.common.settings.Settings;

/** Elastic's security without the actions of SAML, whose libraries are not on Maven Central.
 *  Elasticsearch takes what intercepts its REST layer from this package only. */
public class SecurityWithoutSaml extends Security {
    public SecurityWithoutSaml(Settings settings) { super(settings); }

    @Override public List<ActionHandler<? extends ActionRequest, ? extends ActionResponse>> getActions() {
        return super.getActions().stream().<ActionHandler<? extends ActionRequest, ? extends ActionResponse>>map(a -> a)
            .filter(a -> !a.getTransportAction().getName().contains(".saml.")).toList();
    }
}
