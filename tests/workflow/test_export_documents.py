"""The files of an export: what they say is what is live, whatever is in it."""

from reconciler.manifest.templates import is_template
from reconciler.model import Address, Management
from reconciler.planning.export import Exported
from reconciler.workflow.documents import document


def feature(**spec):
    return Exported(Address("Feature", "f"), spec, Management(), "01")


def test_text_that_looks_like_a_template_is_written_so_that_it_stays_what_it_is(tmp_path):
    from reconciler.manifest import load
    from reconciler.project import load_project

    odd = ["%{{ x }}", "{% raw %}", "{# no #}", 'a "b" {{ \\n', "two\nlines {{ }}"]
    (tmp_path / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifests: [f.yaml]\nenvironments: {}\n"
    )
    metadata = {f"k{index}": value for index, value in enumerate(odd)}
    (tmp_path / "f.yaml").write_text(document(feature(name="F", metadata=metadata)))
    project = load_project(tmp_path)
    (resource,) = load(project, project.environment(None)).resources.values()
    assert all(is_template(value) for value in odd)
    assert resource.spec["metadata"] == metadata


def test_what_looks_like_a_template_is_quoted_so_that_a_person_can_read_it():
    text = document(feature(name="F", metadata={"a": "{{ customer.name }}", "b": "it's {{ x }}"}))
    assert """a: "{{ '{{ customer.name }}' }}\"""" in text
    assert """b: "{{ \\"it's {{ x }}\\" }}\"""" in text
